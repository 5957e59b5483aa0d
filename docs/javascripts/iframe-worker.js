// Browsers start no worker for a page that was opened from disk. There, this runs the worker's script in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      frame.title = "search"
      document.body.append(frame)
      const inner = frame.contentWindow
      const waiting = []
      this.postMessage = data => waiting.push(data)
      inner.document.open()
      inner.document.write("<!doctype html><title>search</title>")
      inner.document.close()
      inner.postMessage = data => this.dispatchEvent(new MessageEvent("message", { data }))
      const load = source => new Promise(done => {
        const script = inner.document.createElement("script")
        script.src = source
        script.onload = done
        inner.document.head.append(script)
      })
      inner.importScripts = (...sources) => sources.reduce((before, source) => before.then(() => load(source)), Promise.resolve())
      load(url).then(() => {
        this.postMessage = data => inner.dispatchEvent(new MessageEvent("message", { data }))
        waiting.forEach(data => this.postMessage(data))
      })
      this.terminate = () => frame.remove()
    }
  }
}

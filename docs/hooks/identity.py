"""Says whose the site is: its footer, its licence, and what is shown where a page is shared."""

import html
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]


def on_config(config):
    """Write the footer."""
    sources = f' · <a href="{config.extra["sources"]}">Sources</a>' if config.extra.get("sources") else ""
    config.copyright = (
        f'© The jax_mlp authors, <a href="{{root}}license.txt">MIT licence</a>{sources}<br>'
        'Digits: <a href="https://yann.lecun.com/exdb/mnist/">MNIST</a>. Faces: '
        '<a href="{root}fonts/source-serif-4.txt">Source Serif 4</a> and '
        '<a href="{root}fonts/source-code-pro.txt">Source Code Pro</a>, SIL Open Font License'
    )
    return config


def on_files(files, config):
    """Add the licence."""
    files.append(File.generated(config, "license.txt", abs_src_path=str(ROOT / "LICENSE")))
    return files


def on_post_page(output: str, page, config) -> str:
    """Add the card to a page, and lead the footer's links to the site's root."""
    card = f"{config.site_url.rstrip('/')}/card.png" if config.site_url else f"{root(page.url)}card.png"
    said = {
        "title": page.title or config.site_name,
        "description": config.site_description,
        "type": "website",
        "image": card,
    }
    head = "".join(f'<meta property="og:{name}" content="{html.escape(str(text))}">' for name, text in said.items())
    head += '<meta name="twitter:card" content="summary_large_image">'
    return output.replace("</head>", f"{head}</head>", 1).replace('"{root}', f'"{root(page.url)}')


def on_post_template(output: str, template_name: str, config) -> str:
    """The page of error 404 is shown at any address, so its links begin at the server's root."""
    return output.replace('"{root}', '"/')


def root(url: str) -> str:
    """The way from a page to the site's root."""
    return "../" * url.count("/")

"""Names what the theme leaves without a name, for those who hear the page."""

NAMELESS = {
    'role="dialog"': 'role="dialog" aria-label="Search"',
    'id="__search" autocomplete="off"': 'id="__search" autocomplete="off" aria-label="Search"',
}


def on_post_template(output: str, template_name: str, config) -> str:
    """Pages that are no page, such as that of error 404."""
    return named(output) if template_name.endswith(".html") else output


def on_post_page(output: str, page, config) -> str:
    """All others."""
    return named(output)


def named(output: str) -> str:
    """The page with every name in place."""
    for nameless, with_name in NAMELESS.items():
        output = output.replace(nameless, with_name)
    return output

"""Text sections: drafted as .docx, read back from .docx and Markdown, looked at before anybody reads them."""

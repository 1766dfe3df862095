"""Every reader under hostile files: a result or a deliberate error, nothing else, and nothing left half-written.

`make fuzz` drives the targets with atheris (coverage-guided) for a bounded number of inputs; the everyday suite drives
the same targets with a few inputs of hypothesis and with every input that once broke one (MENDED).
"""

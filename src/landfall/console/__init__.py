"""The console: web pages that show an engine at work; they know the Python SDK and nothing else.

A page is built by one module of `pages/` out of `widgets/`. What the engine says is asked once per
engine and key, in `engine.py`, however many pages are open; each page looks at it a few times a
second and sends its browser what has changed. A page keeps its state to itself.

Text from the chain or the API only ever becomes text: no element here is given HTML.
"""

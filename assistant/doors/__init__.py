"""The doors: REST, OpenAI-compatible, MCP and Gradio API, over one service."""

"""The engine: how a conversation is carried, from WeCom's callback to the sent reply."""

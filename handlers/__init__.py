"""What does the bot do? One behaviour is one file, or one folder when it has tables of its own."""

"""Where the bot only proposes, and what members make of what is proposed to them."""

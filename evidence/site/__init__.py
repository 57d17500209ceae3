"""What MkDocs needs of us: its hooks, the theme, and what turns both languages into one site."""

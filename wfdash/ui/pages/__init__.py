"""The other pages and menus, each reached by a key."""

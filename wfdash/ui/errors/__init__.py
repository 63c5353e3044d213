"""The page that groups failures by cause."""

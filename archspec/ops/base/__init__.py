"""What operators of one family share; no operator stands here."""

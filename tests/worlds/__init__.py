"""Small studies, clips, networks and people that tests share."""

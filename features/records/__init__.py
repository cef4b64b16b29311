"""Records: one `.tfrecord` per clip, their manifest, and packs of them."""

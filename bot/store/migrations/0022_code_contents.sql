-- Before the code that needs it. What the picture of a code says, so that it can be drawn with a logo and a caption.
ALTER TABLE contact_ways ADD COLUMN content TEXT NOT NULL DEFAULT '';
ALTER TABLE contact_ways ADD COLUMN content_tried_at REAL;

-- Before the code that needs it. A code of a single customer leads to members, or into a group.

-- contact | group
ALTER TABLE personal_ways ADD COLUMN kind TEXT NOT NULL DEFAULT 'contact';

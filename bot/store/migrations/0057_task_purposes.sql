-- Before the code that needs it. What the customer must agree to for a task to be wanted; empty = nothing.
ALTER TABLE staff_tasks ADD COLUMN purpose TEXT NOT NULL DEFAULT '';

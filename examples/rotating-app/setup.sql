-- Rights belong to a role that nobody logs in as. Two users share them.
CREATE ROLE app NOLOGIN;
CREATE ROLE app_a LOGIN IN ROLE app;
CREATE ROLE app_b LOGIN IN ROLE app;

-- The manager may change the passwords of the two, and of nobody else.
CREATE ROLE rotation_manager LOGIN CREATEROLE PASSWORD 'manager-password';
GRANT app_a, app_b TO rotation_manager WITH ADMIN OPTION;

CREATE TABLE hits (process text PRIMARY KEY, count integer NOT NULL);
GRANT SELECT, INSERT, UPDATE ON hits TO app;

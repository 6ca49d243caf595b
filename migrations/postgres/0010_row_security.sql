-- A merchant's rows are shown to that merchant only, whatever a statement says.
--
-- The program works as the role meshline_app, which owns nothing and may not go round this. It says in
-- each transaction whose rows it is about (`meshline.merchants`); without that there are none. The few
-- questions that come before it is known whose they are name the tables that they need
-- (`meshline.across`). Migrations say '*'. See docs/adr/0003-tenant-isolation.md.

CREATE FUNCTION meshline_guard(target TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO meshline_app', target);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', target);
    -- the settings stand in sub-selects, casts and all: they are read once per statement, not once per row
    EXECUTE format(
        'CREATE POLICY tenant ON %I USING ('
        'merchant_id = ANY (COALESCE('
        '(SELECT NULLIF(current_setting(''meshline.merchants'', TRUE), '''')::UUID[]), ARRAY[]::UUID[])) '
        'OR (SELECT string_to_array(current_setting(''meshline.across'', TRUE), '','') && ARRAY[%L, ''*'']))',
        target, target);
END
$$;

DO $$
DECLARE
    target TEXT;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO meshline_app', current_schema());
    FOR target IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name = 'merchant_id'
        ORDER BY table_name
    LOOP
        PERFORM meshline_guard(target);
    END LOOP;
    -- people and places, and what the migrations remember
    FOR target IN
        SELECT tablename FROM pg_tables t
        WHERE schemaname = current_schema() AND tableowner = current_user AND NOT EXISTS (
            SELECT 1 FROM information_schema.columns c
            WHERE c.table_schema = current_schema() AND c.table_name = t.tablename AND c.column_name = 'merchant_id')
        ORDER BY tablename
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO meshline_app', target);
    END LOOP;
    REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM meshline_app;
    -- a table that a later step adds is reached too; if it has a merchant_id, that step calls meshline_guard
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO meshline_app',
        current_schema());
END
$$;

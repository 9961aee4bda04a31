BEGIN;
CREATE EXTENSION IF NOT EXISTS postgis;
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['buurtwijzer_owner', 'buurtwijzer_application', 'buurtwijzer_reader'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', name);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), name);
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO buurtwijzer_owner', current_schema());
END $$;

DO $$
DECLARE name text;
BEGIN
  CREATE TEMP TABLE ours ON COMMIT DROP AS SELECT pg_class.oid, relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e');
  FOR name IN SELECT DISTINCT tgfoid::regprocedure::text FROM pg_trigger JOIN ours ON ours.oid = tgrelid
    WHERE NOT tgisinternal
  LOOP EXECUTE 'ALTER FUNCTION ' || name || ' OWNER TO buurtwijzer_owner'; END LOOP;
  FOR name IN SELECT relname FROM ours
  LOOP EXECUTE format('ALTER TABLE %I OWNER TO buurtwijzer_owner', name); END LOOP;
END $$;
COMMIT;

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
  FOR name IN SELECT DISTINCT tgfoid::regprocedure::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (ARRAY['account', 'active_release', 'alembic_version', 'api_key', 'area_count', 'attempt', 'audit_entry', 'block', 'buurt', 'buurtcode', 'code_batch', 'draft', 'draft_entry', 'eligibility_rules', 'household', 'kept_answer', 'licence', 'municipality', 'outline', 'plan', 'price_book', 'quote', 'quote_municipality', 'quote_numbers', 'release', 'sector', 'sign_up', 'staff_account', 'staff_area', 'store_state', 'tile_shape']) AND NOT tgisinternal
  LOOP EXECUTE 'ALTER FUNCTION ' || name || ' OWNER TO buurtwijzer_owner'; END LOOP;
  FOR name IN SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname = ANY (ARRAY['account', 'active_release', 'alembic_version', 'api_key', 'area_count', 'attempt', 'audit_entry', 'block', 'buurt', 'buurtcode', 'code_batch', 'draft', 'draft_entry', 'eligibility_rules', 'household', 'kept_answer', 'licence', 'municipality', 'outline', 'plan', 'price_book', 'quote', 'quote_municipality', 'quote_numbers', 'release', 'sector', 'sign_up', 'staff_account', 'staff_area', 'store_state', 'tile_shape'])
  LOOP EXECUTE format('ALTER TABLE %I OWNER TO buurtwijzer_owner', name); END LOOP;
END $$;
COMMIT;

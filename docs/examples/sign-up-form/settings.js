// Where the addresses are asked for. This file is all that differs from site to site.

/** The API's address, or a path of this site whose server passes requests on and adds the key ("/buurtwijzer"). */
export const API = "http://127.0.0.1:8000";

/** A key with the scope `lookup` and no other: everybody can read it here. Empty where the site's server adds one. */
export const KEY = "";

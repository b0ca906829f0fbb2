/** Programs of the presets, in Lua; src/script/program.rs has the functions that they can use. */

/** A cache beside a database, in the simplest way that works most of the time. */
export const CACHE_ASIDE = `-- Cache-aside: look in the cache first, and put
-- there what had to be read from the database.
local TTL_MS = 5000

on_request(function(key, value)
  if value then                  -- a write
    db.put(key, value)
    redis.call("DEL", key)
    return
  end
  local found = redis.call("GET", key)
  if found then return found end -- a hit
  found = db.get(key)            -- a miss: slow
  redis.call("SET", key, found, "PX", TTL_MS)
  return found
end)
`;

--@@ tables
local t = {} while true do t[#t + 1] = {} end
--=> not enough memory

--@@ doubling
local s = 'x' while true do s = s .. s end
--=> not enough memory

--@@ rep
return string.rep('x', 1e9)
--=> not enough memory

--@@ numbers
local t = {} for i = 1, 1e9 do t[i] = i end
--=> not enough memory

--@@ concat
local s = string.rep('x', 1e6) local t = {} for i = 1, 1e4 do t[i] = s end return #table.concat(t)
--=> not enough memory

--@@ recursion
local function f() return 1 + f() end return f()
--=> stack overflow

--@@ pcall_recursion
local function f() return pcall(f) end f() return 1
--=> 

--@@ gsub_recursion
local function f(x) return (string.gsub(x, '.', f)) end return f('x')
--=> overflow

--@@ sort_recursion
local function f() table.sort({1, 2}, f) end f()
--=> overflow

--@@ index_recursion
local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x
--=> overflow

--@@ index_chain
local t = {} for i = 1, 1e5 do t = setmetatable({}, {__index = t}) end return t.x
--=> 

--@@ parentheses
return loadstring(string.rep('(', 1e5))
--=> 

--@@ braces
return loadstring('return ' .. string.rep('{', 1e5))
--=> 

--@@ cjson_encode
local t = {} for i = 1, 2000 do t = {t} end return cjson.encode(t)
--=> nest

--@@ cjson_decode
return cjson.decode(string.rep('[', 2000))
--=> nest

--@@ cmsgpack
return cmsgpack.unpack(string.rep('\145', 1e6))
--=> 

--@@ reply
local t = {} t[1] = t t[2] = t return t
--=> the reply of the script is too large

--@@ unpack
return unpack({}, 1, 1e7)
--=> too many results to unpack

--@@ format
return string.format('%99999d', 1)
--=> invalid

--@@ rep_twice
return ('x'):rep(1e8):rep(1e8)
--=> not enough memory

--@@ coroutine_recursion
return coroutine.wrap(function() local function f() return 1 + f() end return f() end)()
--=> stack overflow

--@@ nested_coroutines
local function c() return coroutine.wrap(c)() end return c()
--=> overflow

--@@ struct
return struct.pack('i' .. string.rep('s', 10))
--=> 

--@@ membomb_table
local t={} local i=0 while true do i=i+1 t[i]={i,tostring(i)} end
--=> not enough memory

--@@ membomb_rep_table
local t={} for i=1,1e6 do t[i]=("x"):rep(1e6)..i end return #t
--=> not enough memory

--@@ membomb_concat
local t={} local s=("x"):rep(1000000) for i=1,2000 do t[i]=s end return #table.concat(t)
--=> not enough memory

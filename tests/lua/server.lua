--@@ fmt1
return string.format("%d|%5d|%-5d|%05d|%+d|%i|%u|%x|%X|%#x|%o|%c", 42, 42, 42, 42, 42, 7, 8, 255, 255, 255, 8, 65)
--=> 42|   42|42   |00042|+42|7|8|ff|FF|0xff|10|A

--@@ fmt2
return string.format("%f|%.2f|%10.3f|%e|%.3e|%g|%G|%.14g|%.17g|%g", 3.14159, 2.5, 1.5, 12345.678, 0.00012, 1e20, 1e-10, 0.1, 0.1, 100)
--=> 3.141590|2.50|     1.500|1.234568e+04|1.200e-04|1e+20|1E-10|0.1|0.10000000000000001|100

--@@ fmt3
return string.format("%s|%10s|%-10s|%.2s|%q|%%", "abc", "abc", "abc", "abcdef", 'a"b\n\0c')
--=> abc|       abc|abc       |ab|\"a\\\"b\\\n\\000c\"|%

--@@ fmt4
return string.format("%d %s %s", 3.0, 1e15, 2^53) .. string.format("|%5.1f|%s|%s", -0.05, tostring(nil), tostring(true))
--=> 3 1e+15 9.007199254741e+15| -0.1|nil|true

--@@ fmt5err
return tostring(select(2,pcall(string.format,"%d","x"))) .. "|" .. tostring(select(2,pcall(string.format,"%y",1)))
--=> bad argument #2 to \'?\' (number expected, got string)|invalid option \'%y\' to \'format\'

--@@ fmt6
return string.format("%x %d", 4294967295, 9007199254740992) .. string.format(" %.20s|%3s", "hello", "") .. string.format("%.0f", 1e15) .. string.format("|%d", "10")
--=> ffffffff 9007199254740992 hello|   1000000000000000|10

--@@ pat1
return table.concat({("hello world"):find("o w")}, ",") .. "|" .. table.concat({("key = value"):match("^(%w+)%s*=%s*(%w+)$")}, ",")
--=> 5,7|key,value

--@@ pat2
return ("THE (quick) fox"):find("%((%a+)%)") .. "|" .. (("f(a(b)c)d"):match("%b()")) .. "|" .. ("THE (quick) fox"):gsub("%f[%a]%a+%f[%A]", "X")
--=> 5|(a(b)c)|X (X) X

--@@ pat3
local t={} for k,v in ("a=1, b=2, c=3"):gmatch("(%w+)=(%w+)") do t[#t+1]=k..v end return table.concat(t,";")
--=> a1;b2;c3

--@@ pat4
return (("abc"):gsub("%w","%0%0")) .. "|" .. (("hello world"):gsub("(%w+) (%w+)","%2 %1")) .. "|" .. (("abc"):gsub("",".")) .. "|" .. table.concat({("x"):find("()x()")},",")
--=> aabbcc|world hello|.a.b.c.|1,1,1,2

--@@ pat5
return (("$name is $age"):gsub("%$(%w+)",{name="Bob",age=42})) .. "|" .. (("abc"):gsub(".",function(c) if c=="b" then return false end return c:upper() end)) .. "|" .. tostring(select(2,("aaa"):gsub("a","b",2)))
--=> Bob is 42|AbC|2

--@@ pat6
return tostring(select(2,pcall(string.find,"a","[a"))) .. "|" .. tostring(select(2,pcall(string.gsub,"a","(a","x"))) .. "|" .. tostring(select(2,pcall(string.rep)))
--=> malformed pattern (missing \']\')|x|bad argument #1 to \'?\' (string expected, got no value)

--@@ pat7
return ("a.b-c"):gsub("%p","_") .. "|" .. ("  trim  "):match("^%s*(.-)%s*$") .. "|" .. tostring(("a\0b"):find("%z")) .. "|" .. ("x^y"):find("^",1,true) .. "|" .. ("aXb"):gsub("%u","%%")
--=> a_b_c|trim|2|2|a%b

--@@ sort1
local t={5,2,8,1,9,3} table.sort(t) local a=table.concat(t,",") table.sort(t,function(x,y) return x>y end) return a.."|"..table.concat(t,",")
--=> 1,2,3,5,8,9|9,8,5,3,2,1

--@@ sort2
local t={} local x=42 for i=1,1000 do x=(x*1103515245+12345)%2147483648 t[i]={k=x,i=i} end table.sort(t,function(a,b) return a.k<b.k end) for i=2,1000 do if t[i-1].k>t[i].k then return "bad" end end return "ok"..t[1].i
--=> ok479

--@@ sort3err
return tostring(select(2,pcall(table.sort,{1,"a",2}))) .. "|" .. tostring(pcall(table.sort,{3,1,2,5,4,7,6},function() return true end)~=nil)
--=> attempt to compare string with number|true

--@@ meta1
local V={} V.__index=V V.__add=function(a,b) return setmetatable({x=a.x+b.x},V) end V.__eq=function(a,b) return a.x==b.x end V.__lt=function(a,b) return a.x<b.x end V.__le=function(a,b) return a.x<=b.x end V.__tostring=function(a) return "V"..a.x end V.__call=function(self,y) return self.x+y end V.__concat=function(a,b) return "cat" end V.__unm=function(a) return setmetatable({x=-a.x},V) end V.__len=function() return 99 end
local a,b=setmetatable({x=1},V),setmetatable({x=2},V) return tostring(a+b).."|"..tostring(a==b).."|"..tostring(a<b).."|"..tostring(a<=b).."|"..a(10).."|"..(a..b).."|"..tostring(-a).."|"..#a
--=> V3|false|true|true|11|cat|V-1|0

--@@ meta2
local t=setmetatable({},{__index=function(t,k) return k.."!" end,__newindex=function(t,k,v) rawset(t,k,v*2) end,__metatable="locked"}) t.a=5 return t.a.."|"..t.zz.."|"..tostring(getmetatable(t)).."|"..tostring(select(2,pcall(setmetatable,t,{})))
--=> 10|zz!|locked|cannot change a protected metatable

--@@ vararg
local function f(...) local a,b=... return select('#',...), a, b, ... end local function g(...) return ... end return table.concat({f(1,2,3)},",").."|"..select('#',g()).."|"..select('#',nil,nil).."|"..select(-1,1,2,3).."|"..tostring((g(7,8))).."|"..select(2,"a","b","c")
--=> 3,1,2,1,2,3|0|2|3|7|b

--@@ vararg2_arg
local function f(...) return arg and arg.n or "noarg" end return tostring(f(1,2,3))
--=> 3

--@@ coro
local c=coroutine.wrap(function(a) local b=coroutine.yield(a+1) local d=coroutine.yield(b*2) return "done"..d end) local o={c(1),c(10),c("x")} local co=coroutine.create(function() error({code=7}) end) local ok,e=coroutine.resume(co) return table.concat(o,",").."|"..tostring(ok)..e.code..coroutine.status(co).."|"..tostring(select(2,coroutine.resume(co)))
--=> 2,20,donex|false7dead|cannot resume dead coroutine

--@@ pcall1
local ok,e=pcall(error,{code=5}) local ok2,e2=pcall(error,"msg",0) local ok3,e3=pcall(error) local ok4,e4=pcall(function() error("x") end) return tostring(ok)..e.code.."|"..e2.."|"..tostring(e3).."|"..e4
--=> false5|msg|nil|user_script:1: x

--@@ pcall2
local ok,e=pcall(function() local x=nil; return x.y end) local ok2,e2=pcall(function() return 1+{} end) local ok3,e3=pcall(function() return #5 end) local ok4,e4=pcall(function() return "a"<1 end) local ok5,e5=pcall(function() undefinedfn() end) return e.."|"..e2.."|"..e3.."|"..e4.."|"..e5
--=> user_script:1: attempt to index local \'x\' (a nil value)|user_script:1: attempt to perform arithmetic on a table value|user_script:1: attempt to get length of a number value|user_script:1: attempt to compare string with number|user_script:1: Script attempted to access nonexistent global variable \'undefinedfn\'

--@@ xpcall2
return tostring(select(2,xpcall(function() error("boom",0) end,function(m) return "H:"..m end)))
--=> H:boom

--@@ tostr
return table.concat({tostring(1e15),tostring(0.1),tostring(3.0),tostring(-0.0),tostring(1/0),tostring(-1/0),tostring(1e100),tostring(123456789012345678),tostring(1e14),tostring(100000000000000),tostring(3.14159265358979),tostring(2^63),tostring(1e300*1e10),tostring(5e-324),10/2,7/2,2^31},",")
--=> 1e+15,0.1,3,-0,-inf,inf,1e+100,1.2345678901235e+17,1e+14,1e+14,3.1415926535898,9.2233720368548e+18,inf,4.9406564584125e-324,5,3.5,2147483648

--@@ nan
return tostring(0/0==0/0)..","..tostring(math.huge).."," ..tostring(-math.huge)
--=> false,inf,-inf

--@@ tonum
return table.concat({tostring(tonumber("0x10")),tostring(tonumber("10",2)),tostring(tonumber("zz",36)),tostring(tonumber("  12  ")),tostring(tonumber("1e2")),tostring(tonumber("abc")),tostring(tonumber("")),tostring(tonumber("0x")),tostring(tonumber("1 2")),"10"+5,"3"*"4",tostring(tonumber("inf")),tostring(tonumber("nan"))},",")
--=> 16,2,1295,12,100,nil,nil,nil,nil,15,12,inf,nan

--@@ arith
return table.concat({7%3,-7%3,7%-3,-7%-3,5.5%2,2^10,2^0.5,1e308*10,7/0,math.floor(-3.5),math.ceil(-3.5),math.fmod(-7,3),math.modf(3.7),math.max(1,5,3),math.min(2,0),9007199254740993,2^53+1,math.abs(-5),math.pow(2,8),math.mod(7,3)},",")
--=> 1,2,-2,-1,1.5,1024,1.4142135623731,inf,inf,-4,-3,-1,3,5,0,9.007199254741e+15,9.007199254741e+15,5,256,1

--@@ len
local t={1,2,3,nil,5} local u={} u[1]=1 u[2]=2 u[4]=4 return #"abc".."|"..#{1,2,3}.."|"..#{}.."|"..#{n=1}.."|"..#t.."|"..table.maxn({1,2,nil,4}).."|"..#{nil,nil,3}
--=> 3|3|0|0|5|4|3

--@@ unpack2
return table.concat({unpack({1,2,3})},",").."|"..select('#',unpack({},1,3)).."|"..table.concat({unpack({1,2,3,4},2,3)},",").."|"..tostring(select(2,pcall(unpack,{},1,1e8)))
--=> 1,2,3|3|2,3|too many results to unpack

--@@ loadstr
local f=loadstring("return 1+...") local g,e=loadstring("x = = 1","=chunk") return tostring(f(2)).."|"..tostring(e).."|"..tostring(loadstring("return a",'=q')~=nil)
--=> 3|chunk:1: unexpected symbol near \'=\'|true

--@@ loadstr_bc
local ok,r=pcall(function() return loadstring(string.dump(function() return 5 end)) end) return tostring(ok).."|"..type(r)
--=> true|nil

--@@ longstr
local s=[[
line1
line2]] local t=[==[a]]b]==] return s.."|"..t.."|"..#"\65\066\n\z".."|".."\"\'\\"
--=> line1\nline2|a]]b|4|\"\'\\

--@@ fenv
local function f() return y end setfenv(f,{y=7}) return tostring(f()).."|"..type(getfenv(1)).."|"..type(getfenv(0))
--=> 7|table|table

--@@ goto51
local goto_ = 5 local f=loadstring("local goto=1 return goto") return tostring(f and f())
--=> 1

--@@ syntax51
return tostring((loadstring("return 1//2"))).."|"..tostring((loadstring("return 1&2"))).."|"..tostring((loadstring("goto x ::x::"))).."|"..tostring((loadstring("local x <const> = 1")))
--=> nil|nil|nil|nil

--@@ integer_div_fmt
return 1e3 .. "|" .. 2^24 .. "|" .. 3 .. "|" .. 3.0 .. "|" .. 1e16 .. "|" .. -1e15 .. "|" .. 0.1+0.2 .. "|" .. 1/3
--=> 1000|16777216|3|3|1e+16|-1e+15|0.3|0.33333333333333

--@@ tabfn
local t={1,2,3} table.insert(t,4) table.insert(t,1,0) local r=table.remove(t) local r2=table.remove(t,1) return table.concat(t,"-").."|"..r.."|"..r2.."|"..table.concat({1,2,3},", ",2,3).."|"..table.getn(t).."|"..tostring((table.remove({})))
--=> 1-2-3|4|0|2, 3|3|nil

--@@ concat_err
return tostring(select(2,pcall(table.concat,{1,{},3})))
--=> invalid value (table) at index 2 in table for \'concat\'

--@@ nextorder
local t={10,20,30,a=1} local n=0 for k,v in pairs(t) do n=n+1 end local s="" for i,v in ipairs(t) do s=s..i..v end return n..s..tostring(next({}))
--=> 4110220330nil

--@@ closures2
local fs={} for i=1,3 do fs[i]=function() i=i+1 return i end end return fs[1]()..fs[1]()..fs[2]()
--=> 233

--@@ strfn
return ("abc"):rep(3).."|"..("abc"):reverse().."|"..("abc"):byte(2).."|"..string.char(72,105).."|"..("hello"):sub(-3,-2).."|"..("ABC"):lower().."|"..("%d"):format(3.0).."|"..table.concat({("abc"):byte(1,-1)},",").."|"..#("x"):rep(0)
--=> abcabcabc|cba|98|Hi|ll|abc|3|97,98,99|0

--@@ binstr
local s="\0\1\255\200" return #s .."|"..s:byte(3).."|"..(s=="\0\1\255\200" and "eq" or "ne")
--=> 4|255|eq

--@@ gvers
return _VERSION.."|"..type(string.gfind).."|"..type(table.foreach).."|"..type(math.log10).."|"..type(rawget(_G,"gcinfo")).."|"..type(math.cosh)
--=> Lua 5.1|function|function|function|function|function

--@@ errlvl
local function f() error("lvl2",2) end local ok,e=pcall(function() f() end) return e
--=> user_script:1: lvl2

--@@ tostring_tbl
local s=tostring({}) return (s:match("^table: ") and "t" or s)..(tostring(pcall):match("^function: ") and "f" or "?")
--=> tf

--@@ globalwrite
local ok,e=pcall(function() newglobal=1 end) local ok2,e2=pcall(function() return nosuchglobal end) return tostring(ok)..tostring(ok2)
--=> falsefalse

--@@ osio
local ok,e=pcall(function() return os.execute end) local ok2=pcall(function() return io.open end) return tostring(ok)..tostring(ok2)
--=> truefalse

--@@ readonly
local ok=pcall(function() string.rep=1 end) local ok2=pcall(rawset,_G,"zz",1) local ok3=pcall(function() table.insert(redis,1) end) return tostring(ok)..tostring(ok2)
--=> falsefalse

--@@ deeprec
local function f(n) return 1+f(n+1) end local ok,e=pcall(f,1) return tostring(ok).."|"..tostring(e):gsub("%d+","N"):sub(1,60)
--=> false|user_script:N: stack overflow

--@@ deeprec_mt
local mt={} mt.__index=function(t,k) return t[k.."x"] end local ok,e=pcall(function() return setmetatable({},mt).a end) return tostring(ok)
--=> false

--@@ deeprec_pcall
local function f(n) local ok,e=pcall(f,n+1) return ok and e or n end return tostring(f(1)>10)
--=> true

--@@ deeprec_gsub
local function f(s) return (s:gsub(".",f)) end local ok,e=pcall(f,"a") return tostring(ok)
--=> false

--@@ deeprec_sort
local function f() local t={3,2,1} table.sort(t,function(a,b) f() return a<b end) end local ok=pcall(f) return tostring(ok)
--=> false

--@@ deeprec_tostring
local mt={} mt.__tostring=function(t) return tostring(t) end local ok=pcall(tostring,setmetatable({},mt)) return tostring(ok)
--=> false

--@@ deeprec_parse
local s=("("):rep(100000).."1"..(")"):rep(100000) local f,e=loadstring("return "..s) return tostring(f)
--=> nil

--@@ deeprec_parse2
local f,e=loadstring("return "..("{"):rep(50000)) local g=loadstring("local a="..("-"):rep(100001).."1") local h=loadstring(("do "):rep(100000)) local i=loadstring("x="..("1 .."):rep(100000).."1") return tostring(f)..tostring(g)..tostring(h)
--=> nilnilnil

--@@ patrec
local ok,e=pcall(string.match,("a"):rep(2000),("(.-)a"):rep(1).."$") local ok2=pcall(string.match,("x"):rep(3000),".-y") return tostring(ok)..tostring(ok2)
--=> truetrue

--@@ corobomb
local n=0 local function f() n=n+1 local c=coroutine.wrap(f) c() end local ok,e=pcall(f) return tostring(ok)
--=> false

--@@ redis_basic
redis.call('SET','k','v') local r=redis.call('GET','k') local n=redis.call('GET','none') local st=redis.call('SET','k','w') return r..tostring(n)..st.ok..type(redis.call('INCR','c'))
--=> vfalseOKnumber

--@@ redis_err
redis.call('ZADD','zk',1,'a') local e=redis.pcall('GET','zk') local ok,e2=pcall(redis.call,'GET','zk') local ok3,e3=pcall(redis.call,'NOSUCH') return tostring(e.err):sub(1,9)..tostring(ok)..type(e2)..tostring(e2.err):sub(1,9)..tostring(ok3)
--=> WRONGTYPEfalsestringnilfalse

--@@ token_bucket
local function run(now,req) local key,rate,cap='tb',10,20 local d=redis.call('HMGET',key,'tokens','ts') local tokens,ts=tonumber(d[1]),tonumber(d[2]) if tokens==nil then tokens=cap ts=now end local delta=math.max(0,now-ts) local filled=math.min(cap,tokens+(delta*rate)) local allowed=filled>=req local nt=filled if allowed then nt=filled-req end redis.call('HMSET',key,'tokens',nt,'ts',now) redis.call('EXPIRE',key,math.floor(cap/rate*2)) return (allowed and 1 or 0)..":"..nt end local o={} for i,p in ipairs({{100,5},{100,10},{100,10},{100.5,10},{101,1},{102.25,3.5}}) do o[i]=run(p[1],p[2]) end return table.concat(o," ")
--=> 1:15 1:5 0:5 1:0 1:4 1:13

--@@ sliding_window
local function run(now,id) local key,win,lim='sw',60,3 redis.call('ZREMRANGEBYSCORE',key,'-inf',now-win) local n=redis.call('ZCARD',key) if n<lim then redis.call('ZADD',key,now,id) redis.call('EXPIRE',key,win) return 1 end local oldest=redis.call('ZRANGE',key,0,0,'WITHSCORES') return 'wait'..tostring(oldest[2]+win-now) end return table.concat({run(1,'a'),run(2,'b'),run(3.5,'c'),run(4,'d'),run(61,'e'),run(61.5,'f'),run(62,'g')},",")
--=> 1,1,1,wait57,1,wait0.5,1

--@@ lock
redis.call('SET','lock','tokA') local function unlock(t) if redis.call('get','lock')==t then return redis.call('del','lock') else return 0 end end return unlock('tokB')..unlock('tokA')..unlock('tokA')
--=> 010

--@@ sort10k
local t={} local x=12345 for i=1,10000 do x=(x*16807)%2147483647 t[i]=x end table.sort(t) local s=0 for i=1,10000,1000 do s=s+t[i] end local u={} for i=1,10000 do u[i]=tostring(t[i]) end table.sort(u) return s..":"..u[1]..":"..u[10000]
--=> 9708982597:1000053515:99993523

--@@ random
math.randomseed(42) local a={math.random(1,1000),math.random(1,1000),math.random(1,1000)} return table.concat(a,",")
--=> 745,343,112

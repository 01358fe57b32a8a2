# a caret of another process that claims the focus takes nothing from this one
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/geany pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 13 pid=10 role=other
object 22 pid=20 role=text
object 11 pid=10 role=text caret=60ms
focus 1
field 11
+1s press a
+10ms field 22
caret 22
+10ms field 11
+10ms release a
+5s type c
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
6030 key_down letter code=46
6060 key_up letter code=46

# the caret of an object that is none for text moves: confirms nothing
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/geany pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 13 pid=10 role=other
object 22 pid=20 role=text
focus 1
field 13
+1s press a
+2ms caret 13
+30ms release a
+1s press Left
+20ms release Left
+5s field 11
+3s type c
--
0 start
0 focus app=gedit
1000..2000 span unknown
2032 key_down navigation code=105
2052 key_up navigation code=105
10052 key_down letter code=46
10082 key_up letter code=46

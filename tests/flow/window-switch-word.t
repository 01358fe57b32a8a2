# the window changes in the middle of a word, 1 ms a key: both halves are kept
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 14 pid=10 role=text
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s press w
+1ms release w
press o
+1ms release o
focus 2
field 22
press r
+1ms release r
press d
+1ms release d
+1s type x
--
0 start
0 focus app=gedit
1000 key_down letter code=17
1001 key_up letter code=17
1001 key_down letter code=24
1002 key_up letter code=24
1002 focus app=zenity
1002 key_down letter code=19
1003 key_up letter code=19
1003 key_down letter code=32
1004 key_up letter code=32
2004 key_down letter code=45
2034 key_up letter code=45

# the window changes in the middle of a word to a password: the half before it is kept
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
field 21
press r
+1ms release r
press d
+1ms release d
+1s focus 1
field 11
+3s type x
--
0 start
0 focus app=gedit
1000 key_down letter code=17
1001 key_up letter code=17
1001 key_down letter code=24
1002 key_up letter code=24
1002..3000 span password
3000 focus app=gedit
5004 key_down letter code=45
5034 key_up letter code=45

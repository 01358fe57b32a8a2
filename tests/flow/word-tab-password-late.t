# the same, and the bus tells of it after the password was typed
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
object 12 delay=150ms
+1s press w
+1ms release w
press o
+1ms release o
press r
+1ms release r
press d
+1ms release d
press Tab
+1ms release Tab
into 12
press x
+1ms release x
press y
+1ms release y
press z
+1ms release z
+100ms field 12
+2s press Tab
+5ms release Tab
field 11
+3s type e
--
0 start
0 focus app=gedit
1000 key_down letter code=17
1001 key_up letter code=17
1001 key_down letter code=24
1002 key_up letter code=24
1002 key_down letter code=19
1003 key_up letter code=19
1003 key_down letter code=32
1004 key_up letter code=32
1004..4000 span password
6113 key_down letter code=18
6143 key_up letter code=18

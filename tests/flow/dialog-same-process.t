# a password dialog of the same process
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
window 6 exe=/usr/bin/gedit pid=10
focus 1
field 11
+1s type a
+1s focus 6
+30ms press x
+20ms release x
+100ms field 12
+1s type yz
+2s focus 1
field 11
+3s type b
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
2000..6000 span password
6000 focus app=gedit
8450 key_down letter code=48
8480 key_up letter code=48

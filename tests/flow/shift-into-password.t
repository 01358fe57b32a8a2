# Shift is held while the application moves the focus to a password field by itself: masked, though it stands before the first barrier
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
+1s type ab
+500ms press Shift
+10ms into 12
press x
+5ms release x
+10ms press Tab
+5ms release Tab
+10ms release Shift
+50ms field 12
+2s field 11
+3s type c
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
1130..2000 span password
2000..4000 span password
6790 key_down letter code=46
6820 key_up letter code=46

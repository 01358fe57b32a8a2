# a writer that stands still: a counted gap, nothing silent
study keys=code pointer=full apps=none
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
writer stop
focus 3
+500ms flood 40000
+5s flood 40000
+5s flood 40000
+5s motion 1 1
+1s writer go
+1s motion 9 9
--
0 start
500 motion (40000 times)
5500 motion (3662 times)
5500..15500 gap overflow lost=76339
17500 motion at=9,9

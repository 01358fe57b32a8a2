# a device that goes away in mid-stream is a gap; one that comes is none
study keys=code pointer=full apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s device add 4
+1s motion 3 3
+1s device remove 4
--
0 start
0 focus app=gedit
2000 motion at=3,3
3000..3000 gap device-lost

# pointer in an excluded application is masked
study keys=code pointer=full exclude=zenity apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 2
field 22
+1s motion 1 1
+2s focus 1
field 11
+3s motion 2 2
--
0 start
0..3000 span excluded-app
3000 focus app=gedit
6000 motion at=2,2

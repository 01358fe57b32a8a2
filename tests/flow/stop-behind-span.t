# what waits behind the end of a span, when capture stops, is told; also if the first that waits is inside of that span
study keys=code key_time=exact pointer=full apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
tty 3 program
focus 1
field 12
+1s type a
+4950ms field 11
+50ms type b
+700ms type c
+100ms press d
+100ms stop
--
0 start
0..7000 span password
7000..8000 span unknown
8000 stop

# where no text goes: shortcuts and navigation stay, characters are masked
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
focus 1
field 13
+1s press Left
+20ms release Left
+20ms press Ctrl
+20ms press c
+20ms release c
+20ms release Ctrl
+3s type x
+3s press F5
+20ms release F5
--
0 start
0 focus app=gedit
1000 key_down navigation code=105
1020 key_up navigation code=105
1040 key_down modifier code=29
1060 key_down letter code=46
1080 key_up letter code=46
1100 key_up modifier code=29
4000..5000 span unknown
7200 key_down function code=63
7220 key_up function code=63

# a span's ends are moved outwards, and nothing lies inside
study keys=code key_time=exact apps=id jitter=300
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
+2s field 12
+500ms type xyz
+500ms field 11
+1s type c
+2s type d
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
2700..5300 span password
5300..6300 span password
7600 key_down letter code=32
7630 key_up letter code=32

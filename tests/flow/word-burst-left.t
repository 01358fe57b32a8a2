# a burst right before the window is left for an excluded one: kept
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
window 4 exe=/usr/bin/keepassxc pid=40
+1s press a
+5ms release a
press b
+5ms release b
press c
+5ms release c
press d
+5ms release d
press e
+5ms release e
press f
+5ms release f
press g
+5ms release g
press h
+5ms release h
focus 4
+1s type xy
+2s focus 1
field 11
+3s type i
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1005 key_up letter code=30
1005 key_down letter code=48
1010 key_up letter code=48
1010 key_down letter code=46
1015 key_up letter code=46
1015 key_down letter code=32
1020 key_up letter code=32
1020 key_down letter code=18
1025 key_up letter code=18
1025 key_down letter code=33
1030 key_up letter code=33
1030 key_down letter code=34
1035 key_up letter code=34
1035 key_down letter code=35
1040 key_up letter code=35
1040..5000 span excluded-app
5000 focus app=gedit
7240 key_down letter code=23
7270 key_up letter code=23

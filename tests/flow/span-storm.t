# many focus changes into masked places within what a span swallows do not push its end
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
+1s type ab
+2s focus 4
+10ms type x
focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
+10ms focus 4
+10ms focus 1
field 11
+3s type c
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
3000..4000 span excluded-app
4000 focus app=gedit
6550 key_down letter code=46
6580 key_up letter code=46

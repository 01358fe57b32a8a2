# click, type, click elsewhere, type: both words are kept
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
+1s button down
+10ms button up
+50ms type ab
button down
+2ms field 14
+10ms button up
+50ms type cd
--
0 start
0 focus app=gedit
1000 button_down code=272
1010 button_up code=272
1060 key_down letter code=30
1090 key_up letter code=30
1160 key_down letter code=48
1190 key_up letter code=48
1260 button_down code=272
1272 button_up code=272
1322 key_down letter code=46
1352 key_up letter code=46
1422 key_down letter code=32
1452 key_up letter code=32

# a click may move a caret or not: no key is lost
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
+2ms caret 11
+20ms button up
+100ms type abc
+1s button down
+20ms button up
+100ms type def
--
0 start
0 focus app=gedit
1000 button_down code=272
1022 button_up code=272
1122 key_down letter code=30
1152 key_up letter code=30
1222 key_down letter code=48
1252 key_up letter code=48
1322 key_down letter code=46
1352 key_up letter code=46
2422 button_down code=272
2442 button_up code=272
2542 key_down letter code=32
2572 key_up letter code=32
2642 key_down letter code=18
2672 key_up letter code=18
2742 key_down letter code=33
2772 key_up letter code=33

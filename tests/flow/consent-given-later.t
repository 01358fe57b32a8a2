# what was before the decision is not kept
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
focus 1
field 11
+1s press a
+10ms consent given
+1s type b
--
1010 start
1010 focus app=gedit
2010 key_down letter code=48
2040 key_up letter code=48

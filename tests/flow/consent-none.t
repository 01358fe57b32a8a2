# without a decision nothing comes out
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
focus 1
field 11
+1s type ab
motion 1 1
screen 10 10
--

"""Write what people read: feedback pages, the class report, and the grades for learning platforms."""

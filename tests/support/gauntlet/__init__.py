"""Files as they arrive in real life and from people who mean harm, with the sentence each must be answered with."""

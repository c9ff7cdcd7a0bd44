/// A lean, closed-loop bench and the ceilings that stand beside the server. It drives a running
/// server over HTTP from the same machine, and light enough that on two cores it is the server that
/// is measured. Blocking is allowed here: nothing of this runs inside the server.
package dev.stitchd.load;

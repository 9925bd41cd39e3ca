// One history, each call in a line as peers.py writes it, judged by Porcupine: prints what it says.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/anishathalye/porcupine"
)

type input struct{ f, a, b int }

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	in, ops := bufio.NewReaderSize(file, 1<<20), []porcupine.Operation{}
	for {
		var client, f, a, b, out int
		var call, ret int64
		if n, _ := fmt.Fscan(in, &client, &f, &a, &b, &out, &call, &ret); n < 7 {
			break
		}
		ops = append(ops, porcupine.Operation{ClientId: client, Input: input{f, a, b}, Call: call, Output: out, Return: ret})
	}
	model := porcupine.Model{
		Init: func() interface{} { return -1 },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			switch op := in.(input); op.f {
			case 0:
				return out.(int) == state.(int), state
			case 1:
				return true, op.a
			default:
				return state.(int) == op.a, op.b
			}
		},
	}
	fmt.Println(porcupine.CheckOperations(model, ops))
}

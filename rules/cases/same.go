package cases

import (
	"reflect"

	"github.com/wye-events/wye/rules"
)

// sameButPlaces tells whether two values of a test file say the same, wherever
// they stand.
func sameButPlaces[T any](a, b T) bool {
	return reflect.DeepEqual(withoutPlaces(reflect.ValueOf(a)), withoutPlaces(reflect.ValueOf(b)))
}

var placeType = reflect.TypeFor[rules.Place]()

// withoutPlaces is a value as data of plain kinds, without the places in it.
func withoutPlaces(v reflect.Value) any {
	switch {
	case !v.IsValid():
		return nil
	case v.Type() == placeType:
		return nil
	case v.CanInterface() && v.Type().PkgPath() == "time":
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return withoutPlaces(v.Elem())
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			fields[v.Type().Field(i).Name] = withoutPlaces(v.Field(i))
		}
		return fields
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		list := []any{}
		for i := range v.Len() {
			list = append(list, withoutPlaces(v.Index(i)))
		}
		return list
	case reflect.Map:
		object := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			object[it.Key().String()] = withoutPlaces(it.Value())
		}
		return object
	}
	return v.Interface()
}
